package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// request is one line of input; README.md says what the fields mean.
type request struct {
	ID         json.RawMessage
	Controller string
	Helper     string
	Args       json.RawMessage
	Key        string
	Now        string
	Gates      map[string]bool
	Cache      []json.RawMessage
	Live       []json.RawMessage
	Seen       map[string]string
	Follows    []string
	Memory     memory
	Faults     []fault
	Notice     *requestedNotice
	Orphan     *orphanKey
}

// orphanKey names a pod that no sync of a Job looks after, or a selector of such.
type orphanKey struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// requestedNotice asks for an event handler instead of a sync.
type requestedNotice struct {
	How    string
	Object json.RawMessage
	Old    json.RawMessage
}

// notice is what an informer tells its handlers.
type notice struct {
	how    string
	object *stored
	old    *stored // of an update
}

// The kinds of notices. A tombstone stands for a deletion that was missed and found by a new list.
const (
	noticeAdd       = "add"
	noticeUpdate    = "update"
	noticeDelete    = "delete"
	noticeTombstone = "tombstone"
)

// memory is what the controller remembers of the key between syncs.
type memory struct {
	Expectations *expectations     `json:"expectations"`
	Requeues     int               `json:"requeues"`
	Written      map[string]string `json:"written"`
	// Of Jobs only.
	Finalizers []string `json:"finalizers,omitempty"` // UIDs of pods whose finalizers are to go
	Backoff    *backoff `json:"backoff,omitempty"`
	Finished   bool     `json:"finished,omitempty"` // that the Job is was written already
	// Keys that wait for the orphan worker; only in an answer.
	Orphans []orphanKey `json:"orphans,omitempty"`
}

// backoff is how many pods of a Job have failed since one succeeded, and how long ago the last one did.
type backoff struct {
	Failures int `json:"failures"`
	Age      int `json:"age"`
}

// expectations counts pods that the controller waits to see created or deleted. Age is in seconds;
// UIDs are what upstream calls so, the keys namespace/name of the pods to be deleted.
type expectations struct {
	Add  int      `json:"add"`
	Del  int      `json:"del"`
	Age  int      `json:"age"`
	UIDs []string `json:"uids"`
}

// reply is one line of output. Exactly one of the groups of fields is there.
type reply struct {
	ID       json.RawMessage    `json:"id"`
	Requests *[]handled         `json:"requests,omitempty"`
	Live     *[]json.RawMessage `json:"live,omitempty"`
	Key      *keyResult         `json:"key,omitempty"`
	Memory   *memory            `json:"memory,omitempty"`
	Events   *[]string          `json:"events,omitempty"`
	Error    *json.RawMessage   `json:"error,omitempty"`

	Result json.RawMessage `json:"result,omitempty"`

	Refused        string `json:"refused,omitempty"`
	ErrorInRequest string `json:"error-in-request,omitempty"`
	Panic          string `json:"panic,omitempty"`
}

// write writes the line. Objects are JSON already, and as most of the line they are only copied:
// package json would read each of them once more.
func (r reply) write(out *bufio.Writer) error {
	requests, live := r.Requests, r.Live
	r.Requests, r.Live = nil, nil
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	out.Write(text[:len(text)-1])
	if requests != nil {
		out.WriteString(`,"requests":[`)
		for i, each := range *requests {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := each.write(out); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	}
	if live != nil {
		out.WriteString(`,"live":[`)
		for i, object := range *live {
			if i > 0 {
				out.WriteByte(',')
			}
			out.Write(object)
		}
		out.WriteByte(']')
	}
	_, err = out.WriteString("}\n")
	return err
}

func (h handled) write(out *bufio.Writer) error {
	object, body := h.Object, h.Body
	h.Object, h.Body = nil, nil
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	out.Write(text[:len(text)-1])
	if object != nil {
		out.WriteString(`,"object":`)
		out.Write(object)
	}
	if body != nil {
		out.WriteString(`,"body":`)
		out.Write(body)
	}
	return out.WriteByte('}')
}

// keyResult is what became of the key: Result for short, Calls in the order of the queue.
type keyResult struct {
	Result string   `json:"result"`
	After  *float64 `json:"after"`
	Calls  []string `json:"calls"`
}

// requestError is a request that cannot be understood.
type requestError string

func (e requestError) Error() string { return string(e) }

func badRequest(format string, args ...any) error {
	return requestError(fmt.Sprintf(format, args...))
}

// errorReply turns what went wrong before the sync into a line.
func errorReply(id json.RawMessage, err error) reply {
	var refused refusal
	var panicked panicError
	switch {
	case errors.As(err, &refused):
		return reply{ID: id, Refused: refused.Error()}
	case errors.As(err, &panicked):
		return reply{ID: id, Panic: panicked.Error()}
	default:
		return reply{ID: id, ErrorInRequest: err.Error()}
	}
}

func parseRequest(line []byte) (request, error) {
	var r request
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, badRequest("not a request: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return r, badRequest("not a request: more than one value on the line")
	}
	return r, nil
}

var (
	faultVerbs = []string{verbCreate, verbUpdate, verbUpdateStatus, verbPatch, verbDelete, verbGet, verbList}
	faultHows  = []string{howRefused, howFailed, howLost, howTerminating}
	noticeHows = []string{noticeAdd, noticeUpdate, noticeDelete, noticeTombstone}
)

// check looks at what JSON decoding leaves open, and settles the two ways to name a status update.
func (r *request) check() error {
	for i := range r.Faults {
		f := &r.Faults[i]
		for _, kind := range resources {
			if f.Verb == verbUpdate && f.Resource == kind.Resource+"/status" {
				f.Verb, f.Resource = verbUpdateStatus, kind.Resource
			}
		}
		known := slices.ContainsFunc(resources, func(kind *resource) bool { return kind.Resource == f.Resource })
		if !slices.Contains(faultVerbs, f.Verb) || !known || !slices.Contains(faultHows, f.How) || f.Nth < 0 {
			return badRequest("faults[%d]: no such fault: %+v", i, *f)
		}
	}
	if r.Orphan != nil && (r.Controller != "job" || r.Notice != nil || !slices.Contains(orphanKinds, r.Orphan.Kind)) {
		return badRequest("orphan: needs the controller job, no notice, and a kind of %v", orphanKinds)
	}
	for _, name := range r.Follows {
		if !slices.ContainsFunc(resources, func(kind *resource) bool { return kind.Resource == name }) {
			return badRequest("follows: no such resource: %s", name)
		}
	}
	for name := range r.Seen {
		if !slices.ContainsFunc(resources, func(kind *resource) bool { return kind.Resource == name }) {
			return badRequest("seen: no such resource: %s", name)
		}
	}
	return nil
}

// clock is the time at which the sync happens; the zero request time is an error.
func (r *request) clock() (time.Time, error) {
	now, err := time.Parse(time.RFC3339, r.Now)
	if err != nil {
		return now, badRequest("now: %v", err)
	}
	if now.Nanosecond() != 0 {
		return now, badRequest("now: %s: must be in whole seconds", r.Now)
	}
	if now.Before(earliest) {
		return now, badRequest("now: %s: must be after %s", r.Now, earliest.Format(time.RFC3339))
	}
	return now, nil
}
