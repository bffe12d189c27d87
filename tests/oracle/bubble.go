package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// earliest is the time at which the clock of every synctest bubble starts.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// panicError is a panic of the code that was asked.
type panicError string

func (e panicError) Error() string { return string(e) }

// guarded runs a function and gives back its panic.
func guarded(run func()) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			debugStack = debug.Stack()
			err = panicError(fmt.Sprint(recovered))
		}
	}()
	run()
	return nil
}

// debugStack is the stack of the last panic, for whoever debugs the oracle.
var debugStack []byte

// at runs a function in a bubble of testing/synctest whose clock stands at now: the controllers read
// time.Now in many places, and this is the one way to set all of them. Before, remember runs age
// earlier, for what a controller writes down together with the time.
func at(t *testing.T, now time.Time, age time.Duration, remember, run func()) (err error) {
	if now.Add(-age).Before(earliest) {
		return badRequest("memory.expectations.age: reaches back before %s", earliest.Format(time.RFC3339))
	}
	synctest.Test(t, func(*testing.T) {
		time.Sleep(time.Until(now.Add(-age)))
		remember()
		time.Sleep(age)
		err = guarded(run)
	})
	return err
}

// serve runs a sync, in a bubble, and answers its calls. Calls that are sent in parallel are
// answered one by one, the next only when nothing moves any more, in an order of their own: with
// the scheduler's order, a request would not always have the same answer.
func serve(server *apiServer, client *client, sync func()) error {
	arriving := make(chan *call)
	client.calls = func(c *call) answer {
		c.answered = make(chan answer)
		arriving <- c
		return <-c.answered
	}
	done := make(chan error)
	go func() { done <- guarded(sync) }()

	var waiting []*call
	for {
		synctest.Wait()
		waiting = append(waiting, drain(arriving)...)
		if len(waiting) == 0 {
			select {
			case err := <-done:
				return err
			case c := <-arriving: // after a sleep of the sync
				waiting = append(waiting, c)
			}
			continue
		}
		slices.SortStableFunc(waiting, func(a, b *call) int {
			return cmp.Or(cmp.Compare(a.verb, b.verb), cmp.Compare(a.kind.Resource, b.kind.Resource), cmp.Compare(a.called(), b.called()))
		})
		c := waiting[0]
		waiting = waiting[1:]
		c.answered <- server.handle(c)
	}
}

func drain(arriving chan *call) (calls []*call) {
	for {
		select {
		case c := <-arriving:
			calls = append(calls, c)
		default:
			return calls
		}
	}
}
