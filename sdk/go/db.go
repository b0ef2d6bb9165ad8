package gonext

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
)

// DB has the plugin's own tables, in the host's database. A ? in the SQL stands for an argument.
var DB db

type db struct{}

// Query reads rows, in a transaction that changes nothing. Needs the capability db.read.
//
//	rows, err := gonext.DB.Query("select title from post where author = ?", "ada")
//	for row := range rows.All() {
//		title, err := gonext.Column[string](row, "title")
//	}
func (db) Query(sql string, args ...any) (*Rows, error) {
	data, err := encodeArgs(args)
	if err != nil {
		return nil, err
	}
	return rowsOf(hostDBRead(sql, data))
}

// Exec changes rows, and returns how many. Needs the capability db.write.
func (d db) Exec(sql string, args ...any) (int64, error) {
	rows, err := d.ExecReturning(sql, args...)
	if err != nil {
		return 0, err
	}
	return rows.RowsAffected, nil
}

// ExecReturning changes rows with a statement that returns some: insert into post (title) values (?)
// returning id. Needs the capability db.write.
func (db) ExecReturning(sql string, args ...any) (*Rows, error) {
	data, err := encodeArgs(args)
	if err != nil {
		return nil, err
	}
	return rowsOf(hostDBWrite(sql, data))
}

// Batch runs statements in one transaction, and returns the result of each. Needs the capability db.write.
func (db) Batch(batch *Batch) ([]*Rows, error) {
	if batch.problem != nil {
		return nil, batch.problem
	}
	members := []member{{"statements", append([]json.RawMessage{}, batch.statements...)}}
	if len(batch.jobs) > 0 {
		members = append(members, member{"enqueue", batch.jobs})
	}
	data, err := encodeMembers(members...)
	if err != nil {
		return nil, err
	}
	if data, err = hostDBBatch(data); err != nil {
		return nil, err
	}
	var answer struct {
		Results []json.RawMessage `json:"results"`
	}
	if unmarshal(data, &answer) != nil || len(answer.Results) != len(batch.statements) {
		return nil, &HostError{kind: ErrInternal}
	}
	results := make([]*Rows, len(answer.Results))
	for i, result := range answer.Results {
		if results[i], err = rowsOf(result, nil); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// Batch has statements that run in one transaction: all of them, or none. The zero value is empty.
type Batch struct {
	statements []json.RawMessage
	jobs       []json.RawMessage
	problem    error
}

// Exec adds a statement, and returns the batch. DB.Batch returns the error of an argument that
// encoding/json cannot encode.
func (b *Batch) Exec(sql string, args ...any) *Batch {
	data, err := encodeArgs(args)
	if err == nil {
		data, err = encodeMembers(member{"sql", sql}, member{"args", json.RawMessage(data)})
	}
	b.statements = append(b.statements, data)
	return b.with(err)
}

// Enqueue adds a job, which exists if the transaction is committed, and returns the batch.
func (b *Batch) Enqueue(job *NewJob) *Batch {
	data, err := job.encode()
	b.jobs = append(b.jobs, data)
	return b.with(err)
}

func (b *Batch) with(problem error) *Batch {
	if b.problem == nil {
		b.problem = problem
	}
	return b
}

// Rows is what a statement answered: rows, or how many rows it changed.
type Rows struct {
	// Columns are the names of the columns.
	Columns []string
	// RowsAffected is how many rows the statement changed, or how many it returned.
	RowsAffected int64
	// Truncated says that there are more rows than the host returns.
	Truncated bool

	values [][]json.RawMessage
}

// Row is one of the Rows. See Column.
type Row struct {
	rows   *Rows
	values []json.RawMessage
}

// Len is the number of rows.
func (r *Rows) Len() int { return len(r.values) }

// All are the rows in their order.
func (r *Rows) All() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for i := range r.values {
			if !yield(r.Row(i)) {
				return
			}
		}
	}
}

// Row is the row at index, from 0. It panics when there is no such row.
func (r *Rows) Row(index int) Row { return Row{r, r.values[index]} }

// Column is the value of a column as a T. For a column that may be null, let T be a pointer. A binary column is
// a []byte, and so is an argument for one. The host
// writes numbers as text where a reader of JSON might round them; they are numbers here. The error wraps
// ErrWrongType when there is no such column, or its value is not a T.
func Column[T any](row Row, name string) (T, error) {
	var none T
	place := slices.Index(row.rows.Columns, name)
	if place < 0 || place >= len(row.values) {
		return none, wrongColumn[T](name)
	}
	raw := row.values[place]
	value, err := decode[T](raw)
	if err == nil {
		return value, nil
	}
	if number := numberIn(raw); number != nil {
		if value, err = decode[T](number); err == nil {
			return value, nil
		}
	}
	return none, wrongColumn[T](name)
}

func wrongColumn[T any](name string) error {
	return fmt.Errorf("%w: column %s is not %s", ErrWrongType, name, typeName[T]())
}

// The name of a type in messages, with its article.
func typeName[T any]() string {
	var value T
	switch any(value).(type) {
	case string, *string:
		return "a text"
	case bool, *bool:
		return "a boolean"
	case int, int32, int64, uint, uint32, uint64, *int, *int32, *int64, *uint, *uint32, *uint64:
		return "an integer in range"
	case float32, float64, *float32, *float64:
		return "a number"
	case []byte:
		return "bytes"
	}
	return fmt.Sprintf("a %T", value)
}

// The number that a text holds, or nil.
func numberIn(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) != nil || text == "" || !json.Valid([]byte(text)) {
		return nil
	}
	if first := text[0]; first != '-' && (first < '0' || first > '9') {
		return nil
	}
	return json.RawMessage(text)
}

func encodeArgs(args []any) ([]byte, error) {
	return encode(append([]any{}, args...))
}

func rowsOf(data []byte, err error) (*Rows, error) {
	if err != nil {
		return nil, err
	}
	var answer struct {
		Columns      []string            `json:"columns"`
		Rows         [][]json.RawMessage `json:"rows"`
		RowsAffected *int64              `json:"rows_affected"`
		Truncated    bool                `json:"truncated"`
	}
	if unmarshal(data, &answer) != nil || answer.RowsAffected == nil && (answer.Rows == nil || answer.Columns == nil) {
		return nil, &HostError{kind: ErrInternal}
	}
	affected := int64(len(answer.Rows))
	if answer.RowsAffected != nil {
		affected = *answer.RowsAffected
	}
	return &Rows{answer.Columns, affected, answer.Truncated, answer.Rows}, nil
}
