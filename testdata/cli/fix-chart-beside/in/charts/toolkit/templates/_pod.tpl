{{- define "toolkit.securityContext" -}}
{{- toYaml .Values.securityContext -}}
{{- end }}
