{{/*
Render a value that contains templates
Usage:
{{ include "common.tplvalues.render" (dict "value" .Values.path.to.the.Value "context" $) }}
*/}}
{{- define "common.tplvalues.render" -}}
{{- $value := typeIs "string" .value | ternary .value (.value | toYaml) -}}
{{- if contains "{{" (toJson .value) -}}
  {{- tpl $value .context -}}
{{- else -}}
  {{- $value -}}
{{- end -}}
{{- end -}}
