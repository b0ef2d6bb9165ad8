// Command conformance is what sdk/vectors/README.md describes, with the Go SDK.
package main

import (
	"errors"
	"fmt"
	"strings"

	"gonext.io/gonext"
)

func init() {
	gonext.Filter("echo", func(value any, _ gonext.Args) (any, error) { return value, nil })
	gonext.Filter("text", func(text string, _ gonext.Args) (string, error) { return text + "!", nil })
	gonext.Filter("int", func(number int64, _ gonext.Args) (int64, error) { return number, nil })
	gonext.Filter("float", func(number float64, _ gonext.Args) (float64, error) {
		return number * 2, nil
	})
	gonext.Filter("bool", func(value bool, _ gonext.Args) (bool, error) { return !value, nil })
	gonext.Filter("args", func(text string, args gonext.Args) (string, error) {
		first, err := gonext.Arg[string](args, 0)
		if err != nil {
			return "", err
		}
		second, err := gonext.Arg[int64](args, 1)
		return fmt.Sprintf("%s|%s|%d", text, first, second), err
	})

	gonext.Filter("ext_value", func(text string, _ gonext.Args) (string, error) {
		return gonext.ExtValue(text), nil
	})

	gonext.Action("log", writeLine)
	gonext.Action("audit", func(args gonext.Args) error {
		event, err := gonext.Arg[string](args, 0)
		if err != nil {
			return err
		}
		data, err := gonext.Arg[any](args, 1)
		if err != nil {
			return err
		}
		return gonext.Audit(event, data)
	})
	gonext.Filter("time", func(any, gonext.Args) (int64, error) { return gonext.NowMillis(), nil })

	gonext.Filter("kv.get", func(key string, _ gonext.Args) (any, error) {
		value, err := gonext.KV.Get(key)
		if errors.Is(err, gonext.ErrNotFound) {
			return nil, nil
		}
		return string(value), err
	})
	gonext.Action("kv.set", func(args gonext.Args) error {
		key, err := gonext.Arg[string](args, 0)
		if err != nil {
			return err
		}
		value, err := gonext.Arg[string](args, 1)
		if err != nil {
			return err
		}
		return gonext.KV.Set(key, []byte(value))
	})
	gonext.Filter("kv.del", func(key string, _ gonext.Args) (bool, error) {
		err := gonext.KV.Delete(key)
		if errors.Is(err, gonext.ErrNotFound) {
			return false, nil
		}
		return true, err
	})
	gonext.Filter("kv.incr", func(key string, args gonext.Args) (int64, error) {
		delta, err := gonext.Arg[int64](args, 0)
		if err != nil {
			return 0, err
		}
		return gonext.KV.Increment(key, delta)
	})
	gonext.Filter("kv.error", func(key string, _ gonext.Args) (string, error) {
		return nameOf(gonext.KV.Set(key, nil)), nil
	})

	gonext.Filter("config.get", func(key string, _ gonext.Args) (any, error) {
		var value any
		err := gonext.Config.Decode(key, &value)
		if errors.Is(err, gonext.ErrNotFound) {
			return nil, nil
		}
		return value, err
	})
	gonext.Filter("config.text", func(key string, args gonext.Args) (string, error) {
		fallback, err := gonext.Arg[string](args, 0)
		if err != nil {
			return "", err
		}
		return gonext.Config.Text(key, fallback)
	})
	gonext.Filter("config.int", func(key string, args gonext.Args) (int64, error) {
		fallback, err := gonext.Arg[int64](args, 0)
		if err != nil {
			return 0, err
		}
		return gonext.Config.Int(key, fallback)
	})
	gonext.Filter("config.bool", func(key string, args gonext.Args) (bool, error) {
		fallback, err := gonext.Arg[bool](args, 0)
		if err != nil {
			return false, err
		}
		return gonext.Config.Bool(key, fallback)
	})
	gonext.Filter("config.error", func(key string, _ gonext.Args) (string, error) {
		_, err := gonext.Config.Int(key, 0)
		return nameOf(err), nil
	})
	gonext.Filter("secrets.get", func(name string, _ gonext.Args) (any, error) {
		value, err := gonext.Secrets.Get(name)
		if errors.Is(err, gonext.ErrNotFound) {
			return nil, nil
		}
		return value, err
	})
	gonext.Filter("app.call", func(request any, args gonext.Args) (any, error) {
		name, err := gonext.Arg[string](args, 0)
		if err != nil {
			return nil, err
		}
		var answer any
		err = gonext.App.Call(name, request, &answer)
		return answer, err
	})
	gonext.Filter("app.error", func(name string, _ gonext.Args) (string, error) {
		return nameOf(gonext.App.Call(name, nil, nil)), nil
	})
	gonext.Filter("fetch", fetch)
	gonext.Filter("fetch.error", func(url string, _ gonext.Args) (string, error) {
		_, err := gonext.Fetch(&gonext.FetchRequest{URL: url})
		return nameOf(err), nil
	})

	data()
	platform()
	runJobs()

	gonext.Filter("fail", func(text string, _ gonext.Args) (any, error) {
		return nil, errors.New(text)
	})
	gonext.Filter("refuse", func(text string, _ gonext.Args) (any, error) {
		return nil, fmt.Errorf("%w: %s", gonext.ErrBadPayload, text)
	})
	gonext.Filter("panic", func(text string, _ gonext.Args) (any, error) { panic(text) })

	gonext.Get("/hello/{name}", func(r *gonext.Request) (*gonext.Response, error) {
		return gonext.Text("Hello, " + r.Param("name") + "!"), nil
	})
	for _, path := range []string{"/hello/world", "/hello/caf%C3%A9"} {
		gonext.Get(path, func(*gonext.Request) (*gonext.Response, error) {
			return gonext.HTML("<p>Hello, literal!</p>"), nil
		})
	}
	gonext.Post("/echo", func(r *gonext.Request) (*gonext.Response, error) {
		contentType := r.Header("content-type")
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		return gonext.Bytes(contentType, r.Body).WithHeader("X-Method", r.Method), nil
	})
	gonext.Post("/twice", func(r *gonext.Request) (*gonext.Response, error) {
		var body struct {
			A *int64 `json:"a"`
		}
		if err := r.JSON(&body); err != nil {
			return nil, err
		}
		if body.A == nil {
			return nil, fmt.Errorf("%w: a is missing", gonext.ErrBadPayload)
		}
		return gonext.JSON(map[string]int64{"a": 2 * *body.A})
	})
	gonext.Get("/query", func(r *gonext.Request) (*gonext.Response, error) {
		x, found := r.Query("x")
		if !found {
			x = "none"
		}
		return gonext.Text(x), nil
	})
	gonext.Put("/items/{id}", func(r *gonext.Request) (*gonext.Response, error) {
		return gonext.Text("put " + r.Param("id")).WithStatus(201), nil
	})
	gonext.Delete("/items/{id}", func(*gonext.Request) (*gonext.Response, error) {
		return gonext.Empty(204), nil
	})
	gonext.Get("/fail", func(*gonext.Request) (*gonext.Response, error) {
		return nil, errors.New("no")
	})
}

func writeLine(args gonext.Args) error {
	level, err := gonext.Arg[int](args, 0)
	if err != nil {
		return err
	}
	text, err := gonext.Arg[string](args, 1)
	if err != nil {
		return err
	}
	levels := []func(string){gonext.LogDebug, gonext.LogInfo, gonext.LogWarn, gonext.LogError}
	if level < 0 || level >= len(levels) {
		return fmt.Errorf("no level %d", level)
	}
	levels[level](text)
	return nil
}

func fetch(url string, args gonext.Args) (string, error) {
	method, err := gonext.Arg[string](args, 0)
	if err != nil {
		return "", err
	}
	request := gonext.NewFetchRequest(method, url)
	switch method {
	case "GET":
		request.WithHeader("Accept", "text/plain")
	case "PUT":
		request.WithHeader("content-type", "-").WithBody("text/plain", []byte("ü"))
	case "POST":
		request.WithJSON(map[string]int{"a": 1}).WithHeader("X-Key", "{{secret:KEY}}").WithTimeoutMillis(2500)
	}
	response, err := gonext.Fetch(request)
	if err != nil {
		return "", err
	}
	kind := response.Header("X-Kind")
	if kind == "" {
		kind = "none"
	}
	return fmt.Sprintf("%d|%s|%s", response.Status, kind, response.Body), nil
}

func data() {
	gonext.Filter("kv.set_if_absent", func(key string, args gonext.Args) (bool, error) {
		value, err := gonext.Arg[string](args, 0)
		if err != nil {
			return false, err
		}
		return gonext.KV.SetIfAbsent(key, []byte(value))
	})
	gonext.Filter("db.query", func(sql string, args gonext.Args) (string, error) {
		values, err := gonext.Arg[[]any](args, 0)
		if err != nil {
			return "", err
		}
		return lines(gonext.DB.Query(sql, values...))
	})
	gonext.Filter("db.returning", func(sql string, args gonext.Args) (string, error) {
		values, err := gonext.Arg[[]any](args, 0)
		if err != nil {
			return "", err
		}
		return lines(gonext.DB.ExecReturning(sql, values...))
	})
	gonext.Filter("db.execute", func(sql string, args gonext.Args) (int64, error) {
		values, err := gonext.Arg[[]any](args, 0)
		if err != nil {
			return 0, err
		}
		return gonext.DB.Exec(sql, values...)
	})
	gonext.Filter("db.batch", func(name string, _ gonext.Args) (string, error) {
		var batch gonext.Batch
		batch.Exec("insert into t (name) values (?)", name).Exec("delete from u")
		batch.Enqueue(&gonext.NewJob{Name: "after", Args: map[string]any{"name": name}})
		results, err := gonext.DB.Batch(&batch)
		if err != nil {
			return "", err
		}
		var counts []string
		for _, rows := range results {
			counts = append(counts, fmt.Sprint(rows.RowsAffected))
		}
		return strings.Join(counts, "|"), nil
	})
	gonext.Filter("db.bytes", func(sql string, args gonext.Args) (string, error) {
		text, err := gonext.Arg[string](args, 0)
		if err != nil {
			return "", err
		}
		rows, err := gonext.DB.Query(sql, []byte(text))
		if err != nil {
			return "", err
		}
		bytes, err := gonext.Column[[]byte](rows.Row(0), "data")
		return string(bytes), err
	})
	gonext.Filter("db.error", func(sql string, _ gonext.Args) (string, error) {
		_, err := gonext.DB.Exec(sql)
		return nameOf(err), nil
	})
	gonext.Filter("db.reason", func(sql string, _ gonext.Args) (string, error) {
		_, err := gonext.DB.Exec(sql)
		var failed *gonext.HostError
		if !errors.As(err, &failed) {
			return "none", nil
		}
		return fmt.Sprintf("%d|%s|%s", failed.Status, orNone(failed.Message), orNone(failed.SQLState)), nil
	})
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func lines(rows *gonext.Rows, err error) (string, error) {
	if err != nil {
		return "", err
	}
	var lines []string
	for row := range rows.All() {
		name, err := gonext.Column[*string](row, "name")
		if err != nil {
			return "", err
		}
		id, err := gonext.Column[int64](row, "id")
		if err != nil {
			return "", err
		}
		none := "none"
		if name == nil {
			name = &none
		}
		lines = append(lines, fmt.Sprintf("%d=%s", id, *name))
	}
	if rows.Truncated {
		lines = append(lines, "...")
	}
	return strings.Join(lines, ";"), nil
}

func platform() {
	named := func(send func(name string, data any) error) func(gonext.Args) error {
		return func(args gonext.Args) error {
			name, err := gonext.Arg[string](args, 0)
			if err != nil {
				return err
			}
			data, err := gonext.Arg[any](args, 1)
			if err != nil {
				return err
			}
			return send(name, data)
		}
	}
	gonext.Action("events.emit", named(gonext.Events.Emit))
	gonext.Action("span.event", named(gonext.Span.Event))
	gonext.Action("cache.invalidate", func(args gonext.Args) error {
		tags, err := gonext.Arg[[]string](args, 0)
		if err != nil {
			return err
		}
		return gonext.Cache.Invalidate(tags...)
	})
	gonext.Action("metrics.observe", func(args gonext.Args) error {
		name, err := gonext.Arg[string](args, 0)
		if err != nil {
			return err
		}
		value, err := gonext.Arg[float64](args, 1)
		if err != nil {
			return err
		}
		kind, err := gonext.Arg[*string](args, 2)
		if err != nil {
			return err
		}
		if kind == nil {
			return gonext.Metrics.Observe(name, value, nil)
		}
		return gonext.Metrics.Observe(name, value, map[string]string{"kind": *kind})
	})
	gonext.Filter("i18n.translate", func(key string, args gonext.Args) (any, error) {
		locale, err := gonext.Arg[string](args, 0)
		if err != nil {
			return nil, err
		}
		return textOrNull(gonext.I18n.Translate(key, locale))
	})
	gonext.Filter("i18n.format", func(key string, args gonext.Args) (any, error) {
		locale, err := gonext.Arg[string](args, 0)
		if err != nil {
			return nil, err
		}
		count, err := gonext.Arg[int](args, 1)
		if err != nil {
			return nil, err
		}
		return textOrNull(gonext.I18n.Format(key, locale, map[string]int{"count": count}))
	})
}

func textOrNull(text string, err error) (any, error) {
	if errors.Is(err, gonext.ErrNotFound) {
		return nil, nil
	}
	return text, err
}

func runJobs() {
	gonext.Filter("jobs.enqueue", func(value any, args gonext.Args) (string, error) {
		variant, err := gonext.Arg[string](args, 0)
		if err != nil {
			return "", err
		}
		job := &gonext.NewJob{Name: "send", Args: value}
		switch variant {
		case "full":
			job.DelayMillis, job.IdempotencyKey, job.Priority = 1500, "k ü", -5
		case "at":
			job.At = "2027-01-01T00:00:00Z"
		}
		enqueued, err := gonext.Jobs.Enqueue(job)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s|%v", enqueued.ID, enqueued.Created), nil
	})
	gonext.Action("cron.register", func(args gonext.Args) error {
		variant, err := gonext.Arg[string](args, 0)
		if err != nil {
			return err
		}
		cron := &gonext.Cron{Schedule: "0 4 * * *", Job: "nightly"}
		switch variant {
		case "full":
			cron.Zone, cron.Args, cron.CatchUp = "Europe/Zurich", map[string]int{"a": 1}, "once"
		case "every":
			cron = &gonext.Cron{EveryMillis: 60_000, Job: "tick"}
		}
		return gonext.Jobs.Schedule(cron)
	})
	gonext.HandleJob("echo", func(job *gonext.Job) error {
		gonext.LogInfo(fmt.Sprintf("%s|%s|%s|%s|%d|%d|%d", job.ID, job.Name, job.Args, job.IdempotencyKey,
			job.Attempt, job.ScheduledAtMillis, job.DeadlineMillis))
		return nil
	})
	gonext.HandleJob("fail", func(job *gonext.Job) error {
		var text string
		if err := job.Decode(&text); err != nil {
			return err
		}
		return errors.New(text)
	})
	gonext.HandleJob("refuse", func(job *gonext.Job) error {
		return fmt.Errorf("%w: %s", gonext.ErrBadPayload, job.Args)
	})
	gonext.HandleJob("later", func(job *gonext.Job) error {
		var milliseconds int64
		if err := job.Decode(&milliseconds); err != nil {
			return err
		}
		return gonext.RetryIn(milliseconds, "not yet")
	})
	gonext.HandleJob("panic", func(job *gonext.Job) error { panic(string(job.Args)) })
	gonext.HandleJob("once", func(job *gonext.Job) error {
		first, err := gonext.KV.SetIfAbsent("done:"+job.IdempotencyKey, []byte(job.ID))
		if err != nil || !first {
			return err
		}
		gonext.LogInfo("the effect")
		return nil
	})
}

func nameOf(err error) string {
	switch {
	case err == nil:
		return "none"
	case errors.Is(err, gonext.ErrDenied):
		return "denied"
	case errors.Is(err, gonext.ErrInternal):
		return "internal"
	case errors.Is(err, gonext.ErrBadArguments):
		return "bad arguments"
	case errors.Is(err, gonext.ErrNotFound):
		return "not found"
	case errors.Is(err, gonext.ErrQuota):
		return "quota"
	case errors.Is(err, gonext.ErrConflict):
		return "conflict"
	case errors.Is(err, gonext.ErrRejected):
		return "rejected"
	case errors.Is(err, gonext.ErrRateLimited):
		return "rate limited"
	case errors.Is(err, gonext.ErrTimedOut):
		return "timed out"
	case errors.Is(err, gonext.ErrBlocked):
		return "blocked"
	case errors.Is(err, gonext.ErrUpstreamFailed):
		return "upstream failed"
	case errors.Is(err, gonext.ErrWrongType):
		return "wrong type"
	default:
		return "other"
	}
}

func main() {}
