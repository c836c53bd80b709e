{{- define "shop.labels" -}}
app: {{ .Release.Name }}
part: {{ .Values.part | default "front" }}
{{- end }}
