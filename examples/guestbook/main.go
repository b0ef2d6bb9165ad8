// A guestbook: its entries are rows in SQL, its page is in the visitor's language, and an API in JSON
// does the same for programs. main.go has the routes, entries.go the SQL, page.go the HTML.
package main

import (
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"gonext.io/gonext"
)

const (
	maxAuthor  = 80
	maxMessage = 2000
)

// The application keeps pages and lists under this tag.
const cacheTag = "guestbook"

type settings struct {
	Title    string `json:"title"`
	PageSize int    `json:"page_size"`
	Approval bool   `json:"approval"`
}

func init() {
	gonext.Get("/", route(showPage))
	gonext.Post("/", route(postForm))
	gonext.Get("/entries", route(listShown))
	gonext.Post("/entries", route(postJSON))
	gonext.Put("/entries/{id}", route(moderator(putEntry)))
	gonext.Delete("/entries/{id}", route(moderator(deleteEntry)))
	gonext.Get("/waiting", route(moderator(listWaiting)))
}

func main() {}

func showPage(r *gonext.Request) (*gonext.Response, error) {
	config, found, err := read(r, true)
	if err != nil {
		return nil, err
	}
	total, err := countShown()
	if err != nil {
		return nil, err
	}
	_, waits := r.Query("waiting")
	return cached(gonext.HTML(page(r, config.Title, total, found, waits))).
		WithHeader("Content-Language", text(r, "lang", nil)).
		WithHeader("Vary", "Accept-Language"), nil
}

func listShown(r *gonext.Request) (*gonext.Response, error) {
	_, found, err := read(r, true)
	if err != nil {
		return nil, err
	}
	response, err := gonext.JSON(found)
	if err != nil {
		return nil, err
	}
	return cached(response), nil
}

func listWaiting(r *gonext.Request) (*gonext.Response, error) {
	_, found, err := read(r, false)
	if err != nil {
		return nil, err
	}
	response, err := gonext.JSON(found)
	if err != nil {
		return nil, err
	}
	return response.WithHeader("Cache-Control", "no-store"), nil
}

func read(r *gonext.Request, shown bool) (config settings, found list, err error) {
	if err = gonext.Config.Decode("", &config); err != nil {
		return
	}
	before, _ := r.Query("before")
	found, err = selectEntries(shown, before, config.PageSize)
	return
}

// Browsers ask again each time; a shared cache keeps the answer until the tag is invalidated.
func cached(response *gonext.Response) *gonext.Response {
	return response.
		WithHeader("Cache-Control", "public, max-age=0, s-maxage=300").
		WithHeader("Cache-Tag", cacheTag)
}

func postForm(r *gonext.Request) (*gonext.Response, error) {
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return nil, &problem{400, "invalid"}
	}
	posted, err := add(form.Get("author"), form.Get("message"))
	if err != nil {
		return nil, err
	}
	target := "?"
	if !posted.Shown {
		target = "?waiting=1"
	}
	return gonext.Empty(303).WithHeader("Location", target), nil
}

func postJSON(r *gonext.Request) (*gonext.Response, error) {
	var body struct{ Author, Message string }
	if err := r.JSON(&body); err != nil {
		return nil, err
	}
	posted, err := add(body.Author, body.Message)
	if err != nil {
		return nil, err
	}
	response, err := gonext.JSON(posted)
	if err != nil {
		return nil, err
	}
	return response.WithStatus(201), nil
}

func add(author, message string) (entry, error) {
	author, message = strings.TrimSpace(author), strings.TrimSpace(message)
	if !fits(author, maxAuthor) || !fits(message, maxMessage) {
		return entry{}, &problem{400, "invalid"}
	}
	approval, err := gonext.Config.Bool("approval", false)
	if err != nil {
		return entry{}, err
	}
	posted := newEntry(author, message, !approval)
	if err := insertEntry(posted); err != nil {
		return entry{}, err
	}
	state := "waiting"
	if posted.Shown {
		state = "shown"
		invalidate()
	}
	note(gonext.Metrics.Observe("guestbook_entries", 1, map[string]string{"state": state}))
	note(gonext.Events.Emit("entry_added", posted))
	return posted, nil
}

// PostgreSQL keeps no NUL in a text.
func fits(text string, limit int) bool {
	length := utf8.RuneCountInString(text)
	return 0 < length && length <= limit && utf8.ValidString(text) && !strings.Contains(text, "\x00")
}

func putEntry(r *gonext.Request) (*gonext.Response, error) {
	var body struct{ Shown *bool }
	if err := r.JSON(&body); err != nil {
		return nil, err
	}
	if body.Shown == nil {
		return nil, gonext.ErrBadPayload
	}
	return changed(showEntry(r.Param("id"), *body.Shown))
}

func deleteEntry(r *gonext.Request) (*gonext.Response, error) {
	return changed(removeEntry(r.Param("id")))
}

func changed(found bool, err error) (*gonext.Response, error) {
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &problem{404, "missing"}
	}
	invalidate()
	return gonext.Empty(204), nil
}

func invalidate() { note(gonext.Cache.Invalidate(cacheTag)) }

// Logs the failure of what follows a change. The change is done, and a client that got an error would
// post again.
func note(err error) {
	if err != nil {
		gonext.LogWarn(err.Error())
	}
}

// Serves only those who send the operator's secret.
func moderator(handler gonext.Route) gonext.Route {
	return func(r *gonext.Request) (*gonext.Response, error) {
		token, err := gonext.Secrets.Get("MODERATOR_TOKEN")
		if err != nil && !errors.Is(err, gonext.ErrNotFound) {
			return nil, err
		}
		given, _ := strings.CutPrefix(r.Header("Authorization"), "Bearer ")
		if token == "" || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			return nil, &problem{403, "forbidden"}
		}
		return handler(r)
	}
}

// A problem is an answer: a status, and the key of its text in locales/.
type problem struct {
	status int
	key    string
}

func (p *problem) Error() string { return p.key }

// Turns an error that the client should understand into its answer. The host answers for the others.
func route(handler gonext.Route) gonext.Route {
	return func(r *gonext.Request) (*gonext.Response, error) {
		response, err := handler(r)
		var p *problem
		switch {
		case err == nil:
			return response, nil
		case errors.As(err, &p):
		case errors.Is(err, gonext.ErrQuota):
			gonext.LogError(err.Error())
			p = &problem{507, "full"}
		case errors.Is(err, gonext.ErrTimedOut), errors.Is(err, gonext.ErrConflict),
			errors.Is(err, gonext.ErrRateLimited):
			gonext.LogWarn(err.Error())
			p = &problem{503, "busy"}
		default:
			return nil, err
		}
		limits := map[string]int{"author": maxAuthor, "message": maxMessage}
		response = gonext.Text(text(r, p.key, limits)).WithStatus(p.status)
		if p.status == 503 {
			response.WithHeader("Retry-After", "1")
		}
		return response, nil
	}
}

// The text of a key in the language that the client prefers. args may be nil.
func text(r *gonext.Request, key string, args any) string {
	if args == nil {
		args = struct{}{}
	}
	found, err := gonext.I18n.Format(key, r.Header("Accept-Language"), args)
	if errors.Is(err, gonext.ErrBadArguments) { // the header has another form than RFC 9110 says
		found, err = gonext.I18n.Format(key, "", args)
	}
	if err != nil {
		note(err)
		return key
	}
	return found
}
