FROM golang:1.25 AS build
RUN CGO_ENABLED=0 go build -o /cats ./...
FROM scratch
COPY --from=build /cats /cats
ENTRYPOINT ["/cats"]
