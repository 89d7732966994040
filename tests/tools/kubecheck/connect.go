package main

import (
	"fmt"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What objects say of each other.
type connections struct {
	objects    []object
	known      map[string]bool // kind/name, in lower case
	complaints []string
}

func unconnected(objects []object, given map[string]bool) []string {
	c := connections{objects: objects, known: given}
	for _, object := range objects {
		name := strings.ToLower(object.name)
		if c.known[name] {
			c.complain(object, "is there twice")
		}
		c.known[name] = true
	}
	for _, object := range objects {
		switch typed := object.typed.(type) {
		case *apps.StatefulSet:
			c.look(object, "service", typed.Spec.ServiceName)
			c.lookAtPod(object, &typed.Spec.Template.Spec)
		case *core.Service:
			for _, port := range typed.Spec.Ports {
				c.lookForPort(object, labels.SelectorFromSet(typed.Spec.Selector), port.TargetPort)
			}
		case *networking.NetworkPolicy:
			c.lookAtPolicy(object, typed)
		case *networking.Ingress:
			for _, rule := range typed.Spec.Rules {
				for _, path := range rule.HTTP.Paths {
					c.lookForServicePort(object, path.Backend.Service)
				}
			}
		case *monitoring.ServiceMonitor:
			c.lookAtMonitor(object, typed)
		}
	}
	return c.complaints
}

func (c *connections) complain(about object, format string, values ...any) {
	c.complaints = append(c.complaints, about.name+": "+fmt.Sprintf(format, values...))
}

func (c *connections) look(from object, kind, name string) {
	if !c.known[kind+"/"+name] {
		c.complain(from, "there is no %s %q", kind, name)
	}
}

func (c *connections) lookAtPod(from object, pod *core.PodSpec) {
	if pod.ServiceAccountName != "default" {
		c.look(from, "serviceaccount", pod.ServiceAccountName)
	}
	for _, secret := range pod.ImagePullSecrets {
		c.look(from, "secret", secret.Name)
	}
	for _, volume := range pod.Volumes {
		switch {
		case volume.ConfigMap != nil:
			c.look(from, "configmap", volume.ConfigMap.Name)
		case volume.Secret != nil:
			c.look(from, "secret", volume.Secret.SecretName)
		case volume.PersistentVolumeClaim != nil:
			c.look(from, "persistentvolumeclaim", volume.PersistentVolumeClaim.ClaimName)
		}
		if !mounted(pod, volume.Name) {
			c.complain(from, "no container mounts the volume %q", volume.Name)
		}
	}
	for _, container := range pod.Containers {
		for _, probe := range []*core.Probe{container.StartupProbe, container.LivenessProbe, container.ReadinessProbe} {
			if probe == nil || probe.HTTPGet == nil || !hasPort(container, probe.HTTPGet.Port) {
				c.complain(from, "a probe of %q is missing, or asks a port that it does not have", container.Name)
			}
		}
	}
}

func mounted(pod *core.PodSpec, volume string) bool {
	for _, container := range pod.Containers {
		for _, mount := range container.VolumeMounts {
			if mount.Name == volume {
				return true
			}
		}
	}
	return false
}

func hasPort(container core.Container, wanted intstr.IntOrString) bool {
	for _, port := range container.Ports {
		if wanted == intstr.FromString(port.Name) || wanted == intstr.FromInt32(port.ContainerPort) {
			return true
		}
	}
	return false
}

// A pod that the labels select has the port.
func (c *connections) lookForPort(from object, selector labels.Selector, port intstr.IntOrString) {
	for _, object := range c.objects {
		set, is := object.typed.(*apps.StatefulSet)
		if !is || selector.Empty() || !selector.Matches(labels.Set(set.Spec.Template.Labels)) {
			continue
		}
		for _, container := range set.Spec.Template.Spec.Containers {
			if hasPort(container, port) {
				return
			}
		}
	}
	c.complain(from, "selects no pod with the port %s", port.String())
}

func (c *connections) lookAtPolicy(from object, policy *networking.NetworkPolicy) {
	selector, err := meta.LabelSelectorAsSelector(&policy.Spec.PodSelector)
	if err != nil {
		c.complain(from, "%v", err)
		return
	}
	for _, rule := range policy.Spec.Ingress {
		for _, port := range rule.Ports {
			c.lookForPort(from, selector, *port.Port)
		}
	}
}

func (c *connections) lookForServicePort(from object, wanted *networking.IngressServiceBackend) {
	for _, object := range c.objects {
		service, is := object.typed.(*core.Service)
		if is && service.Name == wanted.Name && servesPort(service, wanted.Port.Name) {
			return
		}
	}
	c.complain(from, "there is no Service %q with the port %q", wanted.Name, wanted.Port.Name)
}

// One Service is selected, so that nothing is scraped twice, and it has the ports.
func (c *connections) lookAtMonitor(from object, monitor *monitoring.ServiceMonitor) {
	selector, err := meta.LabelSelectorAsSelector(&monitor.Spec.Selector)
	if err != nil {
		c.complain(from, "%v", err)
		return
	}
	var selected []*core.Service
	for _, object := range c.objects {
		service, is := object.typed.(*core.Service)
		if is && selector.Matches(labels.Set(service.Labels)) {
			selected = append(selected, service)
		}
	}
	if len(selected) != 1 {
		c.complain(from, "selects %d Services", len(selected))
		return
	}
	for _, endpoint := range monitor.Spec.Endpoints {
		if !servesPort(selected[0], endpoint.Port) {
			c.complain(from, "the Service %q has no port %q", selected[0].Name, endpoint.Port)
		}
	}
}

func servesPort(service *core.Service, name string) bool {
	for _, port := range service.Spec.Ports {
		if port.Name == name {
			return true
		}
	}
	return false
}
