{{- define "web.name" -}}
{{ index .Values "name-override" | default .Release.Name }}
{{- end }}
