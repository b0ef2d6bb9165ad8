package gonext

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Jobs is work that runs later, apart from the call that wants it. See HandleJob.
var Jobs jobQueue

type jobQueue struct{}

// NewJob is a job to enqueue.
type NewJob struct {
	// Name is one of the jobs in the manifest.
	Name string
	// Args are an object that encoding/json can encode. Nil: none.
	Args any
	// DelayMillis is how long the job waits at least before it runs.
	DelayMillis int64
	// At is when it runs at the earliest, in place of a delay: 2027-01-01T00:00:00Z.
	At string
	// IdempotencyKey: of several jobs with one key, only the first is created.
	IdempotencyKey string
	// Priority is from -100 to 100. A job of a higher priority runs first.
	Priority int
}

// Enqueued is a job that was enqueued.
type Enqueued struct {
	ID string `json:"id"`
	// Created is false when there was a job with this idempotency key, whose ID this is.
	Created bool `json:"created"`
}

// Enqueue enqueues a job. It is stored when this returns. Needs the capability jobs.enqueue.
func (jobQueue) Enqueue(job *NewJob) (*Enqueued, error) {
	data, err := job.encode()
	if err != nil {
		return nil, err
	}
	if data, err = hostJobEnqueue(data); err != nil {
		return nil, err
	}
	var enqueued Enqueued
	if unmarshal(data, &enqueued) != nil || enqueued.ID == "" {
		return nil, &HostError{kind: ErrInternal}
	}
	return &enqueued, nil
}

func (j *NewJob) encode() ([]byte, error) {
	members := []member{{"job", j.Name}}
	if j.Args != nil {
		members = append(members, member{"args", j.Args})
	}
	if j.DelayMillis > 0 {
		members = append(members, member{"delay_ms", j.DelayMillis})
	}
	if j.At != "" {
		members = append(members, member{"at", j.At})
	}
	if j.IdempotencyKey != "" {
		members = append(members, member{"idempotency_key", j.IdempotencyKey})
	}
	if j.Priority != 0 {
		members = append(members, member{"priority", j.Priority})
	}
	return encodeMembers(members...)
}

// Cron is a schedule to register.
type Cron struct {
	// Schedule has five fields, or is @hourly and the like.
	Schedule string
	// EveryMillis is an interval, in place of a schedule.
	EveryMillis int64
	// Job is the name of the job that the schedule enqueues. Without a job of this name, the host calls the
	// action plugin.cron.<plugin>.<name>.
	Job string
	// Zone is the time zone of the five fields, such as Europe/Zurich. Empty: the host's default.
	Zone string
	// Args are the arguments of the job: what encoding/json can encode. Nil: none.
	Args any
	// CatchUp says what happens with the runs that the host missed: none, once or all. Empty: the host's
	// default.
	CatchUp string
}

// Schedule registers a schedule. A schedule with the same job replaces the one before. Needs the capability
// cron.register.
func (jobQueue) Schedule(cron *Cron) error {
	var schedule any = cron.Schedule
	if cron.EveryMillis > 0 {
		schedule = map[string]any{"every_ms": cron.EveryMillis}
	}
	members := []member{{"schedule", schedule}, {"handler_id", cron.Job}}
	if cron.Zone != "" {
		members = append(members, member{"zone", cron.Zone})
	}
	if cron.Args != nil {
		members = append(members, member{"args", cron.Args})
	}
	if cron.CatchUp != "" {
		members = append(members, member{"catch_up", cron.CatchUp})
	}
	data, err := encodeMembers(members...)
	if err != nil {
		return err
	}
	return hostCronRegister(data)
}

// Job is a run of a job.
type Job struct {
	ID   string
	Name string
	// Args are in JSON. See Decode.
	Args json.RawMessage
	// IdempotencyKey is the same in all attempts of one job.
	IdempotencyKey string
	// Attempt is 1 in the first attempt.
	Attempt int
	// ScheduledAtMillis is when it was to run, since 1970; 0 when the host does not say it.
	ScheduledAtMillis int64
	// DeadlineMillis is how long this attempt may take; 0 when the host does not say it.
	DeadlineMillis int64
}

// Decode decodes the arguments to target, as encoding/json does. The error wraps ErrBadPayload.
func (j *Job) Decode(target any) error {
	if err := unmarshal(j.Args, target); err != nil {
		return fmt.Errorf("%w: args: %v", ErrBadPayload, err)
	}
	return nil
}

var jobs = map[string]func(job *Job) error{}

// HandleJob runs the job of this name. After an error or a panic it is retried, as the manifest says. RetryIn
// asks for the time of the next attempt. After an error that wraps ErrBadPayload it is not retried.
func HandleJob(name string, handler func(job *Job) error) {
	jobs[name] = handler
}

type retry struct {
	milliseconds int64
	reason       string
}

func (r *retry) Error() string { return r.reason }

// RetryIn is the error of a job that wants to run again after so many milliseconds. The log has the reason.
func RetryIn(milliseconds int64, reason string) error {
	return &retry{milliseconds, reason}
}

// CallJob runs one job as the host does. The payload is JSON, and so is the result, which says when to run
// the job again. After a failure the log says why.
func CallJob(name string, data []byte) ([]byte, error) {
	err := runJob(name, data)
	if err != nil {
		LogWarn("job " + name + ": " + err.Error())
	}
	var later *retry
	if errors.As(err, &later) {
		return []byte(`{"retry_in_ms":` + strconv.FormatInt(later.milliseconds, 10) + "}"), nil
	}
	return nil, err
}

func runJob(name string, data []byte) error {
	handler, found := jobs[name]
	if !found {
		return ErrUnknownHook
	}
	var p struct {
		Kind           string          `json:"kind"`
		ID             string          `json:"id"`
		Args           json.RawMessage `json:"args"`
		IdempotencyKey string          `json:"idempotency_key"`
		Attempt        int             `json:"attempt"`
		ScheduledAt    int64           `json:"scheduled_at"`
		DeadlineMillis int64           `json:"deadline_ms"`
	}
	if err := unmarshal(data, &p); err != nil {
		return fmt.Errorf("%w: %v", ErrBadPayload, err)
	}
	if p.Kind != "job" || p.ID == "" || p.Args == nil {
		return fmt.Errorf("%w: the payload is not a job's", ErrBadPayload)
	}
	return handler(&Job{p.ID, name, p.Args, p.IdempotencyKey, p.Attempt, p.ScheduledAt, p.DeadlineMillis})
}
