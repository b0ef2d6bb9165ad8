package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gonext.io/gonext"
)

type entry struct {
	ID       string `json:"id"`
	Author   string `json:"author"`
	Message  string `json:"message"`
	PostedAt string `json:"posted_at"`
	Shown    bool   `json:"shown"`
}

type list struct {
	Entries []entry `json:"entries"`
	// Next refers to the next page. Empty on the last one.
	Next string `json:"next,omitempty"`
}

// The plugin makes the id, not the database: so it knows the id of a new row without a second
// statement, on H2 as on PostgreSQL. An id begins with the time, so their order is that of the entries.
func newEntry(author, message string, shown bool) entry {
	now := gonext.NowMillis()
	random := make([]byte, 10)
	rand.Read(random) // never fails
	return entry{
		ID:       fmt.Sprintf("%012x%x", now, random),
		Author:   author,
		Message:  message,
		PostedAt: time.UnixMilli(now).UTC().Format(time.RFC3339Nano),
		Shown:    shown,
	}
}

// Inserts once. The host does not know whether a write that timed out was done, so it is tried
// again: if it was done, the id is there.
func insertEntry(e entry) error {
	err := tryInsert(e)
	if !errors.Is(err, gonext.ErrTimedOut) && !errors.Is(err, gonext.ErrConflict) {
		return err
	}
	err = tryInsert(e)
	var refused *gonext.HostError
	if errors.As(err, &refused) && refused.SQLState == "23505" { // unique violation
		return nil
	}
	return err
}

func tryInsert(e entry) error {
	_, err := gonext.DB.Exec(
		"insert into entry (id, author, message, posted_at, shown) values (?, ?, ?, ?, ?)",
		e.ID, e.Author, e.Message, e.PostedAt, e.Shown)
	return err
}

// The newest entries that are older than the one with this id; all of them if it is empty. Reads one
// more than a page has, to know whether there is a next page. An offset would show an entry twice when
// another is posted between two pages.
func selectEntries(shown bool, before string, size int) (list, error) {
	if before == "" {
		before = "~" // after all hexadecimal digits
	}
	rows, err := gonext.DB.Query(
		"select id, author, message, posted_at from entry where shown = ? and id < ?"+
			" order by id desc limit ?",
		shown, before, size+1)
	if err != nil {
		return list{}, err
	}
	found := list{Entries: []entry{}}
	for row := range rows.All() {
		e := entry{Shown: shown}
		for column, target := range map[string]*string{
			"id": &e.ID, "author": &e.Author, "message": &e.Message, "posted_at": &e.PostedAt,
		} {
			if *target, err = gonext.Column[string](row, column); err != nil {
				return list{}, err
			}
		}
		found.Entries = append(found.Entries, e)
	}
	if len(found.Entries) > size {
		found.Entries = found.Entries[:size]
		found.Next = "?before=" + found.Entries[size-1].ID
	}
	return found, nil
}

func countShown() (int, error) {
	rows, err := gonext.DB.Query("select count(*) as total from entry where shown")
	if err != nil {
		return 0, err
	}
	return gonext.Column[int](rows.Row(0), "total")
}

func showEntry(id string, shown bool) (found bool, err error) {
	rows, err := gonext.DB.Exec("update entry set shown = ? where id = ?", shown, id)
	return rows > 0, err
}

func removeEntry(id string) (found bool, err error) {
	rows, err := gonext.DB.Exec("delete from entry where id = ?", id)
	return rows > 0, err
}
