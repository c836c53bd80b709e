{{- define "app.account" -}}
serviceAccountName: {{ .Release.Name }}
{{- end }}

{{- define "app.profile" -}}
{{- if hasPrefix "localhost/" .Values.profile }}
type: Localhost
localhostProfile: {{ trimPrefix "localhost/" .Values.profile }}
{{- else if eq "runtime/default" .Values.profile }}
type: RuntimeDefault
{{- else }}
type: Unconfined
{{- end }}
{{- end }}
