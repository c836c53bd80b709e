{{- define "web.name" -}}
{{- if .Values.nameOverride -}}
{{ .Values.nameOverride }}
{{- else -}}
{{ .Release.Name }}
{{- end -}}
{{- end -}}
{{- define "web.tls" -}}
tls: []
{{- end -}}
