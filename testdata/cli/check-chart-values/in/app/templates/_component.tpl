{{- define "app.component" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .root.Release.Name }}-{{ .name }}
spec:
  selector:
    matchLabels: {component: {{ .name }}}
  template:
    metadata:
      labels: {component: {{ .name }}}
    spec:
      {{- if .values.podSecurityContext.enabled }}
      securityContext: {{- omit .values.podSecurityContext "enabled" | toYaml | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ .values.image }}
          {{- if .values.containerSecurityContext.enabled }}
          securityContext: {{- omit .values.containerSecurityContext "enabled" | toYaml | nindent 12 }}
          {{- end }}
{{- end }}
