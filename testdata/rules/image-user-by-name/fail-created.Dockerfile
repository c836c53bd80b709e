FROM alpine:3.22
RUN addgroup -g 1001 cats && adduser -D -H -u 1001 -G cats cats
COPY cats /cats
USER cats:cats
CMD ["/cats"]
