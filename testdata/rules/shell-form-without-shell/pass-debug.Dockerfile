FROM gcr.io/distroless/base-debian12:debug-nonroot
COPY cats /app/cats
CMD /app/cats
