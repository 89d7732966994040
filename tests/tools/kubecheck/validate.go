package main

import (
	"context"
	"fmt"

	publishedapps "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/apps"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	security "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// What the API server would refuse, or warn of.
func (o object) validate() (complaints []string) {
	kind := o.typed.GetObjectKind().GroupVersionKind()
	if kind.Group == "monitoring.coreos.com" {
		return nil // of these only the fields are known
	}
	internal, err := o.internal(kind.Group)
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", o.name, err)}
	}
	for _, refusal := range refusals(internal) {
		complaints = append(complaints, fmt.Sprintf("%s: %v", o.name, refusal))
	}
	set, is := internal.(*apps.StatefulSet)
	if !is {
		return complaints
	}
	path := field.NewPath("spec", "template")
	for _, warning := range pod.GetWarningsForPodTemplate(context.Background(), path, &set.Spec.Template, nil) {
		complaints = append(complaints, o.name+": "+warning)
	}
	return append(complaints, o.insecurities()...)
}

// The form in which the API server validates, in a namespace as it would be there.
func (o object) internal(group string) (runtime.Object, error) {
	version := schema.GroupVersion{Group: group, Version: runtime.APIVersionInternal}
	internal, err := legacyscheme.Scheme.UnsafeConvertToVersion(o.typed.DeepCopyObject(), version)
	if err != nil {
		return nil, err
	}
	about, err := meta.Accessor(internal)
	if err == nil && about.GetNamespace() == "" {
		about.SetNamespace("default")
	}
	return internal, err
}

func refusals(internal runtime.Object) field.ErrorList {
	switch o := internal.(type) {
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(o)
	case *core.PersistentVolumeClaim:
		return corevalidation.ValidatePersistentVolumeClaim(o, corevalidation.ValidationOptionsForPersistentVolumeClaim(o, nil))
	case *core.Secret:
		return corevalidation.ValidateSecret(o)
	case *core.Service:
		return corevalidation.ValidateServiceCreate(o)
	case *core.ServiceAccount:
		return corevalidation.ValidateServiceAccount(o)
	case *networking.Ingress:
		return networkingvalidation.ValidateIngressCreate(o)
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(o, networkingvalidation.NetworkPolicyValidationOptions{})
	case *apps.StatefulSet:
		options := pod.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil)
		return appsvalidation.ValidateStatefulSet(o, appsvalidation.StatefulSetValidationOptions{}, options)
	}
	return field.ErrorList{field.InternalError(nil, fmt.Errorf("kubecheck cannot validate this kind"))}
}

// What a namespace of the level "restricted" would refuse.
func (o object) insecurities() (complaints []string) {
	set := o.typed.(*publishedapps.StatefulSet)
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		fail(err)
	}
	level := security.LevelVersion{Level: security.LevelRestricted, Version: security.LatestVersion()}
	template := &set.Spec.Template
	for _, result := range evaluator.EvaluatePod(level, &template.ObjectMeta, &template.Spec) {
		if !result.Allowed {
			complaints = append(complaints, fmt.Sprintf("%s: %s: %s", o.name, result.ForbiddenReason, result.ForbiddenDetail))
		}
	}
	return complaints
}
