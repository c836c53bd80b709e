FROM nginx:1.29 AS docs
EXPOSE 80
FROM alpine:3.22
EXPOSE 8080 1024/udp $LATER
CMD ["/cats", "80"]
