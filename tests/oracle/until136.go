//go:build !kubernetes1_37

package main

import (
	_ "unsafe"

	appsv1 "k8s.io/api/apps/v1"
)

// What this function is called until 1.36; build.sh sets the tag.

//go:linkname completeRollingUpdate k8s.io/kubernetes/pkg/controller/statefulset.completeRollingUpdate
func completeRollingUpdate(set *appsv1.StatefulSet, status *appsv1.StatefulSetStatus)

func init() {
	helpers["completeRollingUpdate"] = helper{"s", always(func(g *given) appsv1.StatefulSetStatus {
		status := g.StatefulSetStatus
		completeRollingUpdate(g.statefulSet, &status)
		return status
	})}
}
