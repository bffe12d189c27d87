//go:build kubernetes1_37

package main

import (
	_ "unsafe"

	appsv1 "k8s.io/api/apps/v1"
)

// What this function is called since 1.37; build.sh sets the tag.

//go:linkname completeUpdate k8s.io/kubernetes/pkg/controller/statefulset.completeUpdate
func completeUpdate(set *appsv1.StatefulSet, status *appsv1.StatefulSetStatus)

func init() {
	helpers["completeUpdate"] = helper{"s", always(func(g *given) appsv1.StatefulSetStatus {
		status := g.StatefulSetStatus
		completeUpdate(g.statefulSet, &status)
		return status
	})}
}
