{{- define "shale.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "shale.fullname" -}}
{{- $name := include "shale.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "shale.selectorLabels" -}}
app.kubernetes.io/name: {{ include "shale.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "shale.labels" -}}
{{ include "shale.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "shale.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "shale.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "shale.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- define "shale.usersSecret" -}}
{{- if .Values.users.existingSecret -}}
{{ .Values.users.existingSecret }}
{{- else if .Values.users.htpasswd -}}
{{ include "shale.fullname" . }}-users
{{- end -}}
{{- end -}}

{{- define "shale.policyConfigMap" -}}
{{- if .Values.policy.existingConfigMap -}}
{{ .Values.policy.existingConfigMap }}
{{- else if .Values.policy.text -}}
{{ include "shale.fullname" . }}-policy
{{- end -}}
{{- end -}}

{{- define "shale.claim" -}}
{{- .Values.persistence.existingClaim | default (include "shale.fullname" .) -}}
{{- end -}}

{{- define "shale.scheme" -}}
{{- ternary "HTTPS" "HTTP" (not (empty .Values.tls.existingSecret)) -}}
{{- end -}}

{{/* Whole seconds of one of config.timeouts: of (list . NAME DEFAULT). */}}
{{- define "shale.seconds" -}}
{{- $text := dig "timeouts" (index . 1) (index . 2) (index . 0).Values.config | toString -}}
{{- if not (regexMatch "^[0-9]+(ms|s|m|h|d)$" $text) -}}
{{- fail (printf "config.timeouts.%s: %s is no duration: write a whole number with ms, s, m, h or d" (index . 1) (quote $text)) -}}
{{- end -}}
{{- $number := regexFind "^[0-9]+" $text | atoi -}}
{{- $unit := regexFind "[a-z]+$" $text -}}
{{- $seconds := mul $number (get (dict "ms" 1 "s" 1 "m" 60 "h" 3600 "d" 86400) $unit) -}}
{{- if eq $unit "ms" -}}{{- $seconds = div (add $number 999) 1000 -}}{{- end -}}
{{- $seconds -}}
{{- end -}}

{{/* Seconds that a pod may take to end: timeouts.drain_delay and timeouts.drain, and some to close the store. */}}
{{- define "shale.gracePeriod" -}}
{{- add (include "shale.seconds" (list . "drain_delay" "0ms")) (include "shale.seconds" (list . "drain" "20s")) 15 -}}
{{- end -}}

{{/* What has to be chosen, and what only one side can set. */}}
{{- define "shale.check" -}}
{{- $config := .Values.config -}}
{{- range $key, $instead := dict
      "server.listen" "the pod listens on port 5000; tls.existingSecret makes it speak TLS"
      "storage.data_dir" "the data is on the volume of `persistence`"
      "tls.certificates" "use tls.existingSecret"
      "tls.keys" "use tls.existingSecret"
      "auth.htpasswd" "use users.existingSecret or users.htpasswd"
      "auth.policy" "use policy.existingConfigMap or policy.text"
      "metrics.listen" "use metrics.enabled and metrics.port" -}}
{{- $path := splitList "." $key -}}
{{- if hasKey (dig (first $path) dict $config) (last $path) -}}
{{- fail (printf "config.%s is set by this chart: %s" $key $instead) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.users.existingSecret .Values.users.htpasswd -}}
{{- fail "users.existingSecret and users.htpasswd: only one of them can be the file of users" -}}
{{- end -}}
{{- if and .Values.policy.existingConfigMap .Values.policy.text -}}
{{- fail "policy.existingConfigMap and policy.text: only one of them can be the policy" -}}
{{- end -}}
{{- $accounts := or (include "shale.usersSecret" .) (dig "auth" "robots" false $config) (dig "auth" "external" "realm" "" $config) -}}
{{- $insecure := dig "server" "insecure" "" $config -}}
{{- if not (or $accounts $insecure) -}}
{{- fail "nobody could log in: name a Secret with an htpasswd file in users.existingSecret, or set users.htpasswd, config.auth.robots or config.auth.external; or set config.server.insecure to anonymous-everything to let everybody who can connect read, write and delete" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (empty .Values.ingress.hosts) -}}
{{- fail "ingress.enabled: ingress.hosts has to name a host" -}}
{{- end -}}
{{- if and (or .Values.metrics.serviceMonitor.enabled .Values.metrics.prometheusRule.enabled) (not .Values.metrics.enabled) -}}
{{- fail "metrics.serviceMonitor and metrics.prometheusRule need metrics.enabled" -}}
{{- end -}}
{{- end -}}

{{/* shale.yaml: what was given, and what the chart knows. */}}
{{- define "shale.config" -}}
{{- $listen := ternary ":5000" "https://:5000" (empty .Values.tls.existingSecret) -}}
{{- $ours := dict
      "server" (dict "listen" (list $listen))
      "storage" (dict "data_dir" "/var/lib/shale/data") -}}
{{- if .Values.ingress.enabled -}}
{{- $url := printf "%s://%s" (ternary "http" "https" (empty .Values.ingress.tlsSecret)) (first .Values.ingress.hosts) -}}
{{- $_ := set $ours.server "external_url" (dig "server" "external_url" $url .Values.config) -}}
{{- end -}}
{{- if .Values.tls.existingSecret -}}
{{- $_ := set $ours "tls" (dict "certificates" (list "/etc/shale/tls/tls.crt") "keys" (list "/etc/shale/tls/tls.key")) -}}
{{- end -}}
{{- $auth := dict -}}
{{- if include "shale.usersSecret" . -}}
{{- $_ := set $auth "htpasswd" (printf "/etc/shale/users/%s" .Values.users.key) -}}
{{- end -}}
{{- if include "shale.policyConfigMap" . -}}
{{- $_ := set $auth "policy" (printf "/etc/shale/policy/%s" .Values.policy.key) -}}
{{- end -}}
{{- if $auth -}}{{- $_ := set $ours "auth" $auth -}}{{- end -}}
{{- if .Values.metrics.enabled -}}
{{- $_ := set $ours "metrics" (dict "listen" (list (printf ":%d" (int .Values.metrics.port)))) -}}
{{- end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $ours) -}}
{{- end -}}
