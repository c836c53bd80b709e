FROM golang:1.25 AS build
RUN go build -o /cats ./...
FROM gcr.io/distroless/static:nonroot
COPY --from=build /cats /app/cats
ENTRYPOINT ["/app/cats", "--quiet"]
