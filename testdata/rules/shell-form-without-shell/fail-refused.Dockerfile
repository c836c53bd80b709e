FROM scratch
COPY cats /app/cats
RUN chmod +x /app/cats
ENTRYPOINT /app/cats --level=$LOG_LEVEL
