FROM gcr.io/distroless/static-debian12
COPY cats /app/cats
CMD /app/cats
