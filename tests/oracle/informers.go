package main

import (
	"errors"
	"slices"

	appsinformers "k8s.io/client-go/informers/apps/v1"
	batchinformers "k8s.io/client-go/informers/batch/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	appslisters "k8s.io/client-go/listers/apps/v1"
	batchlisters "k8s.io/client-go/listers/batch/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// informer is a shared informer that never runs: its store is filled by hand for each request.
// The embedded interface is nil; a controller's constructor calls only what stands here.
type informer struct {
	cache.SharedIndexInformer
	store    *store
	handlers []cache.ResourceEventHandler
}

func newInformer() *informer {
	return &informer{store: &store{indexers: cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}}}
}

func (i *informer) AddEventHandler(handler cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	i.handlers = append(i.handlers, handler)
	return nil, nil
}
func (i *informer) AddIndexers(indexers cache.Indexers) error { return i.store.AddIndexers(indexers) }
func (i *informer) GetIndexer() cache.Indexer                 { return i.store }
func (i *informer) GetStore() cache.Store                     { return i.store }
func (i *informer) HasSynced() bool                           { return true }

// tell calls the handlers as the informer does after its store has changed.
func (i *informer) tell(n *notice) {
	for _, handler := range i.handlers {
		switch n.how {
		case noticeAdd:
			handler.OnAdd(n.object.v1, false)
		case noticeUpdate:
			handler.OnUpdate(n.old.v1, n.object.v1)
		case noticeDelete:
			handler.OnDelete(n.object.v1)
		case noticeTombstone:
			handler.OnDelete(cache.DeletedFinalStateUnknown{Key: n.object.key(), Obj: n.object.v1})
		}
	}
}

// The informers that the controllers ask for.
type (
	podInformer         struct{ *informer }
	claimInformer       struct{ *informer }
	replicaSetInformer  struct{ *informer }
	deploymentInformer  struct{ *informer }
	statefulSetInformer struct{ *informer }
	revisionInformer    struct{ *informer }
	jobInformer         struct{ *informer }
)

var (
	_ coreinformers.PodInformer                   = podInformer{}
	_ coreinformers.PersistentVolumeClaimInformer = claimInformer{}
	_ appsinformers.ReplicaSetInformer            = replicaSetInformer{}
	_ appsinformers.DeploymentInformer            = deploymentInformer{}
	_ appsinformers.StatefulSetInformer           = statefulSetInformer{}
	_ appsinformers.ControllerRevisionInformer    = revisionInformer{}
	_ batchinformers.JobInformer                  = jobInformer{}
)

func (i podInformer) Informer() cache.SharedIndexInformer        { return i.informer }
func (i podInformer) Lister() corelisters.PodLister              { return corelisters.NewPodLister(i.store) }
func (i replicaSetInformer) Informer() cache.SharedIndexInformer { return i.informer }
func (i replicaSetInformer) Lister() appslisters.ReplicaSetLister {
	return appslisters.NewReplicaSetLister(i.store)
}
func (i deploymentInformer) Informer() cache.SharedIndexInformer { return i.informer }
func (i deploymentInformer) Lister() appslisters.DeploymentLister {
	return appslisters.NewDeploymentLister(i.store)
}
func (i claimInformer) Informer() cache.SharedIndexInformer       { return i.informer }
func (i statefulSetInformer) Informer() cache.SharedIndexInformer { return i.informer }
func (i revisionInformer) Informer() cache.SharedIndexInformer    { return i.informer }
func (i jobInformer) Informer() cache.SharedIndexInformer         { return i.informer }
func (i jobInformer) Lister() batchlisters.JobLister              { return batchlisters.NewJobLister(i.store) }
func (i claimInformer) Lister() corelisters.PersistentVolumeClaimLister {
	return corelisters.NewPersistentVolumeClaimLister(i.store)
}
func (i statefulSetInformer) Lister() appslisters.StatefulSetLister {
	return appslisters.NewStatefulSetLister(i.store)
}
func (i revisionInformer) Lister() appslisters.ControllerRevisionLister {
	return appslisters.NewControllerRevisionLister(i.store)
}

// store is an indexer that lists objects in the order in which they were given. The real one lists
// them in the order of Go's maps, so every order is possible, and the one who asks chooses.
type store struct {
	cache.Indexer
	indexers cache.Indexers
	items    []any
	keys     []string
	seen     string
}

// fill replaces the objects. seen is the newest resourceVersion that the informer has heard of.
func (s *store) fill(objects []*stored, seen string) {
	s.items, s.keys, s.seen = nil, nil, seen
	for _, object := range objects {
		s.items = append(s.items, object.v1)
		s.keys = append(s.keys, object.key())
	}
}

// show changes an object that the store has, or takes out one that is gone.
func (s *store) show(key string, object *stored) {
	at := slices.Index(s.keys, key)
	switch {
	case at >= 0 && object == nil:
		s.items, s.keys = slices.Delete(s.items, at, at+1), slices.Delete(s.keys, at, at+1)
	case at >= 0:
		s.items[at] = object.v1
	}
}

func (s *store) List() []any { return slices.Clone(s.items) }

func (s *store) GetByKey(key string) (any, bool, error) {
	if at := slices.Index(s.keys, key); at >= 0 {
		return s.items[at], true, nil
	}
	return nil, false, nil
}

func (s *store) Get(object any) (any, bool, error) {
	key, err := cache.MetaNamespaceKeyFunc(object)
	if err != nil {
		return nil, false, err
	}
	return s.GetByKey(key)
}

func (s *store) Index(name string, object any) ([]any, error) {
	index, ok := s.indexers[name]
	if !ok {
		return nil, errors.New("no index " + name)
	}
	values, err := index(object)
	if err != nil {
		return nil, err
	}
	return s.indexed(index, values...)
}

func (s *store) ByIndex(name, value string) ([]any, error) {
	index, ok := s.indexers[name]
	if !ok {
		return nil, errors.New("no index " + name)
	}
	return s.indexed(index, value)
}

func (s *store) indexed(index cache.IndexFunc, wanted ...string) ([]any, error) {
	var found []any
	for _, item := range s.items {
		values, err := index(item)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(values, func(value string) bool { return slices.Contains(wanted, value) }) {
			found = append(found, item)
		}
	}
	return found, nil
}

func (s *store) GetIndexers() cache.Indexers { return s.indexers }

func (s *store) AddIndexers(indexers cache.Indexers) error {
	for name, index := range indexers {
		s.indexers[name] = index
	}
	return nil
}

// LastStoreSyncResourceVersion is what the consistency store of 1.36 compares with what was written.
func (s *store) LastStoreSyncResourceVersion() string { return s.seen }
