package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

const (
	plugin      = "hello-rust"
	prefix      = "/api/plugins/" + plugin
	serviceHook = "http.serve." + plugin
	// As the plugin's manifest says.
	callLimit = time.Second
)

// request and response are what guest ABI v1 says of a served HTTP request.
type request struct {
	Method     string            `json:"method"`
	Route      string            `json:"route"`
	Path       string            `json:"path"`
	Query      string            `json:"query"`
	Headers    map[string]string `json:"headers"`
	PathParams map[string]string `json:"path_params"`
	Body       string            `json:"body"`
}

type response struct {
	Value struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	} `json:"value"`
}

// serve answers the route of the example plugin as a plain Go service would: it compiles the module, keeps a
// pool, and gives each call a deadline. With a directory for it, it keeps the compiled module there.
func serve(ctx context.Context, path, port, cacheDirectory string) error {
	config := wazero.NewRuntimeConfigCompiler().WithCloseOnContextDone(true)
	if cacheDirectory != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cacheDirectory)
		if err != nil {
			return err
		}
		config = config.WithCompilationCache(cache)
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	defer runtime.Close(ctx)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return err
	}
	if err := instantiateEnv(ctx, runtime); err != nil {
		return err
	}
	module, err := load(ctx, runtime, path)
	if err != nil {
		return err
	}
	instances := newPool()
	for range poolSize {
		instance, err := module.instantiate(ctx)
		if err != nil {
			return err
		}
		instances.give(instance)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		answer, err := call(r, instances)
		if err != nil {
			log.Print(err)
			http.Error(w, "the plugin failed", http.StatusBadGateway)
			return
		}
		for name, value := range answer.Value.Headers {
			w.Header().Set(name, value)
		}
		body, err := base64.StdEncoding.DecodeString(answer.Value.Body)
		if err != nil {
			http.Error(w, "the plugin failed", http.StatusBadGateway)
			return
		}
		w.WriteHeader(answer.Value.Status)
		_, _ = w.Write(body)
	})
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	return http.Serve(listener, mux)
}

func call(r *http.Request, instances *pool) (*response, error) {
	payload, err := json.Marshal(map[string]any{
		"kind": "filter",
		"args": []any{},
		"value": request{
			Method:     r.Method,
			Route:      "/hello/{name}",
			Path:       r.URL.Path[len(prefix):],
			Query:      r.URL.RawQuery,
			Headers:    map[string]string{"User-Agent": r.UserAgent()},
			PathParams: map[string]string{"name": r.PathValue("name")},
		},
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), callLimit)
	defer cancel()
	instance := instances.take()
	defer instances.give(instance)
	body, err := instance.callHook(ctx, []byte(serviceHook), payload)
	if err != nil {
		return nil, err
	}
	answer := &response{}
	return answer, json.Unmarshal(body, answer)
}

// instantiateEnv offers the functions that the example plugin imports.
func instantiateEnv(ctx context.Context, runtime wazero.Runtime) error {
	text := func(module api.Module, at, length uint32) string {
		bytes, _ := module.Memory().Read(at, length)
		return string(bytes)
	}
	_, err := runtime.NewHostModuleBuilder("env").
		NewFunctionBuilder().
		WithFunc(func(_ context.Context, module api.Module, level, at, length uint32) {
			log.Printf("%d %s", level, text(module, at, length))
		}).Export("gn_log").
		NewFunctionBuilder().
		WithFunc(func(_ context.Context, module api.Module, at, length uint32) {
			panic(fmt.Sprintf("the guest panicked: %s", text(module, at, length)))
		}).Export("gn_panic").
		NewFunctionBuilder().
		WithFunc(func() int64 { return time.Now().UnixMilli() }).Export("gn_time_ms").
		Instantiate(ctx)
	return err
}
