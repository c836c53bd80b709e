FROM alpine:3.22
CMD ["/cats"]
# checkov:skip=CKV_DOCKER_3:the workload chooses the user
