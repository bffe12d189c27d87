package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/component-base/featuregate"
)

// oracle keeps what is worth keeping between requests.
type oracle struct {
	t        *testing.T
	gates    gates
	settings map[string]*setting
}

// setting is what depends on feature gates: validation, and parts that constructors choose.
type setting struct {
	reader   reader
	subjects map[string]subject
}

var constructors = map[string]struct {
	kind *resource // that keys are of
	make func() subject
}{
	"replicaset":  {replicaSets, newReplicaSetSubject},
	"deployment":  {deployments, newDeploymentSubject},
	"statefulset": {statefulSets, newStatefulSetSubject},
	"job":         {jobs, newJobSubject},
}

func newOracle(t *testing.T) *oracle {
	return &oracle{t: t, gates: gates{defaults: map[string]bool{}}, settings: map[string]*setting{}}
}

// answer never fails: what is wrong with a request is its answer.
func (o *oracle) answer(line []byte) reply {
	request, err := parseRequest(line)
	if err == nil {
		var result reply
		if result, err = o.respond(&request); err == nil {
			result.ID = request.ID
			return result
		}
	}
	return errorReply(request.ID, err)
}

func (o *oracle) respond(r *request) (reply, error) {
	if err := r.check(); err != nil {
		return reply{}, err
	}
	name, err := o.gates.set(r.Gates)
	if err != nil {
		return reply{}, err
	}
	if o.settings[name] == nil {
		o.settings[name] = &setting{subjects: map[string]subject{}}
	}
	switch {
	case r.Helper != "" && r.Controller != "":
		return reply{}, badRequest("controller and helper exclude each other")
	case r.Helper != "":
		return o.help(r, &o.settings[name].reader)
	default:
		return o.sync(r, o.settings[name])
	}
}

func (o *oracle) sync(r *request, current *setting) (reply, error) {
	constructor, known := constructors[r.Controller]
	if !known {
		return reply{}, badRequest("controller: no such controller: %q", r.Controller)
	}
	situation, server, err := prepare(r, constructor.kind, &current.reader)
	if err != nil {
		return reply{}, err
	}
	if current.subjects[r.Controller] == nil {
		current.subjects[r.Controller] = constructor.make()
	}
	subject := current.subjects[r.Controller]
	outcome := subject.left()
	subject.load(situation)
	age := time.Duration(0)
	if situation.memory.Expectations != nil {
		age = time.Duration(situation.memory.Expectations.Age) * time.Second
	}
	if len(r.Follows) > 0 {
		server.told = func(key objectKey, object *stored) {
			informer := outcome.informers[key.kind]
			if informer != nil && slices.Contains(r.Follows, key.kind.Resource) {
				informer.store.show(key.namespace+"/"+key.name, object)
			}
		}
	}
	run := subject.process
	if situation.notice != nil {
		informer := outcome.informers[situation.notice.object.resource]
		if informer == nil {
			return reply{}, badRequest("notice: the controller has no informer for %s", situation.notice.object.Resource)
		}
		run = func() { informer.tell(situation.notice) }
	}
	var syncErr error
	err = at(o.t, situation.now, age,
		func() { subject.remember(situation) },
		func() { syncErr = serve(server, &outcome.client, run) })
	if err == nil {
		err = syncErr
	}
	if err != nil {
		return reply{}, err
	}
	recalled := subject.recall(situation)
	failure := json.RawMessage("null")
	if outcome.err != nil {
		failure, _ = json.Marshal(outcome.err.Error())
	}
	live := make([]json.RawMessage, 0, len(server.order))
	for _, key := range server.order {
		live = append(live, server.objects[key].json())
	}
	return reply{
		Requests: &server.handled,
		Live:     &live,
		Key:      outcome.key(situation),
		Memory:   &recalled,
		Events:   &outcome.recorder.events,
		Error:    &failure,
	}, nil
}

// prepare reads the objects of a request and gives what it leaves open.
func prepare(r *request, kind *resource, reader *reader) (*situation, *apiServer, error) {
	now, err := r.clock()
	if err != nil {
		return nil, nil, err
	}
	s := &situation{key: r.Key, orphan: r.Orphan, now: now, memory: r.Memory, objects: map[*resource][]*stored{}, seen: map[*resource]string{}}
	version := 1
	newest := map[*resource]int{}
	cached := map[objectKey]bool{}
	for _, text := range r.Cache {
		object, err := reader.read(text)
		if err != nil {
			return nil, nil, err
		}
		key := objectKey{object.resource, object.meta.GetNamespace(), object.meta.GetName()}
		if cached[key] {
			return nil, nil, badRequest("cache: two %s are called %s/%s", object.Resource, key.namespace, key.name)
		}
		cached[key] = true
		s.objects[object.resource] = append(s.objects[object.resource], object)
		newest[object.resource] = max(newest[object.resource], object.version())
		version = max(version, object.version())
	}
	if s.notice, err = readNotice(r.Notice, reader); err != nil {
		return nil, nil, err
	}
	var live []*stored
	for _, text := range r.Live {
		object, err := reader.readLive(text, r.Cache)
		if err != nil {
			return nil, nil, err
		}
		live = append(live, object)
		version = max(version, object.version())
	}
	for _, of := range resources {
		seen, err := optionalVersion("seen", r.Seen, of.Resource)
		if err != nil {
			return nil, nil, err
		}
		written, err := optionalVersion("memory.written", r.Memory.Written, of.Resource)
		if err != nil {
			return nil, nil, err
		}
		version = max(version, seen, written)
		if seen == 0 {
			seen = max(newest[of], 1)
		}
		s.seen[of] = strconv.Itoa(seen)
	}
	if err := s.memory.check(s, kind); err != nil {
		return nil, nil, err
	}
	server, err := newAPIServer(live, r.Faults, version)
	return s, server, err
}

// readNotice is nil for a request of a sync.
func readNotice(requested *requestedNotice, reader *reader) (*notice, error) {
	if requested == nil {
		return nil, nil
	}
	if !slices.Contains(noticeHows, requested.How) {
		return nil, badRequest("notice.how: must be one of %v", noticeHows)
	}
	n := &notice{how: requested.How}
	var err error
	if n.object, err = reader.read(requested.Object); err != nil || n.how != noticeUpdate {
		return n, err
	}
	if n.old, err = reader.read(requested.Old); err == nil && n.old.resource != n.object.resource {
		err = badRequest("notice: old and object are of two kinds")
	}
	return n, err
}

func (s *stored) version() int {
	version, _ := parseVersion(s.meta.GetResourceVersion()) // checked when it was read
	return version
}

// optionalVersion is 0 for a resource that is not named.
func optionalVersion(field string, versions map[string]string, resource string) (int, error) {
	if versions[resource] == "" {
		return 0, nil
	}
	version, err := parseVersion(versions[resource])
	if err != nil {
		return 0, badRequest("%s.%s: %v", field, resource, err)
	}
	return version, nil
}

// check completes the memory: written versions belong to the cached object of the key if no uid says otherwise.
func (m *memory) check(s *situation, of *resource) error {
	if m.Requeues < 0 {
		return badRequest("memory.requeues: must not be negative")
	}
	if m.Expectations != nil && m.Expectations.Age < 0 {
		return badRequest("memory.expectations.age: must not be negative")
	}
	if m.Backoff != nil && (m.Backoff.Failures < 0 || m.Backoff.Age < 0) {
		return badRequest("memory.backoff: must not be negative")
	}
	written := map[string]string{}
	for name, value := range m.Written {
		known := slices.ContainsFunc(resources, func(kind *resource) bool { return kind.Resource == name })
		if !known && name != "uid" {
			return badRequest("memory.written: no such resource: %s", name)
		}
		written[name] = value
	}
	if len(written) > 0 && written["uid"] == "" {
		for _, object := range s.objects[of] {
			if object.key() == s.key {
				written["uid"] = string(object.meta.GetUID())
			}
		}
	}
	m.Written = written
	return nil
}

// gates sets the feature gates of the process for one request.
type gates struct {
	defaults map[string]bool // of all gates that were ever named
	current  map[string]bool
}

// set returns a name for the setting. Gates that are not named have the default of the release.
func (g *gates) set(wanted map[string]bool) (string, error) {
	for name := range wanted {
		if _, known := g.defaults[name]; known {
			continue
		}
		feature := featuregate.Feature(name)
		if _, known := utilfeature.DefaultMutableFeatureGate.GetAll()[feature]; !known {
			return "", badRequest("gates: Kubernetes %s has no feature gate %s", kubernetesVersion(), name)
		}
		g.defaults[name] = utilfeature.DefaultFeatureGate.Enabled(feature)
	}
	full := maps.Clone(g.defaults)
	maps.Copy(full, wanted)
	if !maps.Equal(full, g.current) {
		if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(full); err != nil {
			return "", badRequest("gates: %v", err)
		}
		g.current = full
	}
	changed := map[string]bool{}
	for name, enabled := range full {
		if enabled != g.defaults[name] {
			changed[name] = enabled
		}
	}
	return fmt.Sprint(changed), nil
}
