# seaworthy: file-ignore[image-runs-as-root] the program drops its rights by itself
FROM alpine:3.22
RUN <<-EOT
	USER nobody
	EOT
CMD ["/cats"]
