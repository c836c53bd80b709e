FROM gcr.io/distroless/static-debian12
COPY cats /app/cats
ENTRYPOINT ["/app/cats"]
CMD --quiet
