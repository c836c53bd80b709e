{{ define "blank" }}  
{{ end }}