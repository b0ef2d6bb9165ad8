{{- define "gonext.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "gonext.selector" -}}
app.kubernetes.io/name: gonext
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gonext.labels" -}}
{{ include "gonext.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/component: host
{{- end }}

{{- define "gonext.serve" -}}
{{- $own := dict "host" "0.0.0.0" "port" 8080 "data" "/var/lib/gonext" "log-format" "json" "db-file" "/etc/gonext/secret/db" "master-key-file" "/etc/gonext/secret/master-key" "token" (dict "admin" "/etc/gonext/secret/admin-token") -}}
{{- if .Values.trustPolicy -}}
{{- $_ := set $own "trust" "/etc/gonext/config/trust.json" -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own (deepCopy .Values.options)) -}}
{{- end }}
