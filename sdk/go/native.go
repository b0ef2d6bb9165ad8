//go:build !wasip1

package gonext

import (
	"fmt"
	"os"
	"time"
)

func hostLog(level int32, text string) {
	fmt.Fprintf(os.Stderr, "[%s] %s\n", [...]string{"debug", "info", "warn", "error"}[level], text)
}

func hostTimeMillis() int64 { return time.Now().UnixMilli() }

func hostAuditEmit([]byte) int32 { return -2 }

func hostKVGet(string) ([]byte, error) { return nil, ErrInternal }

func hostKVSet(string, []byte) error { return ErrInternal }

func hostKVDelete(string) error { return ErrInternal }

func hostKVIncrement(string, int64) ([]byte, error) { return nil, ErrInternal }
