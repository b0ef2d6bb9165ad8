package main

import (
	"fmt"
	"html"
	"strings"

	"gonext.io/gonext"
)

// Markup under construction. Package html/template would do more, and double the module's size.
type markup struct{ out strings.Builder }

// Adds markup with texts in the place of its verbs, all of them escaped. An attribute needs quotes
// around its verb.
func (m *markup) add(format string, texts ...any) {
	for i, text := range texts {
		texts[i] = html.EscapeString(fmt.Sprint(text))
	}
	fmt.Fprintf(&m.out, format+"\n", texts...)
}

func page(r *gonext.Request, title string, total int, found list, waits bool) string {
	var m markup
	m.add(`<!doctype html>`)
	m.add(`<html lang="%s"><meta charset="utf-8">`, text(r, "lang", nil))
	m.add(`<meta name="viewport" content="width=device-width"><title>%s</title>`, title)
	m.add(`<style>article p { white-space: pre-line }</style><h1>%s</h1>`, title)
	if waits {
		m.add(`<p role="status">%s</p>`, text(r, "thanks", nil))
	}
	m.add(`<form method="post" action="?">`)
	m.add(`<p><label>%s <input name="author" required maxlength="%s"></label></p>`,
		text(r, "author", nil), maxAuthor)
	m.add(`<p><label>%s <textarea name="message" required maxlength="%s"></textarea></label></p>`,
		text(r, "message", nil), maxMessage)
	m.add(`<p><button>%s</button></p></form>`, text(r, "send", nil))
	m.add(`<p>%s</p>`, text(r, "count", map[string]int{"n": total}))
	for _, e := range found.Entries {
		m.add(`<article id="%s"><p>%s</p><footer>%s, <time datetime="%s">%s</time></footer></article>`,
			e.ID, e.Message, e.Author, e.PostedAt, e.PostedAt[:len("2006-01-02")])
	}
	if found.Next != "" {
		m.add(`<p><a href="%s" rel="next">%s</a></p>`, found.Next, text(r, "older", nil))
	}
	return m.out.String()
}
