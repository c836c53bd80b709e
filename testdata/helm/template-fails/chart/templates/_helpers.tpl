{{- define "deep" }}
{{ .Values.port.number }}
{{- end }}
{{- define "outer" -}}
{{ include "deep" . }}
{{- end }}
