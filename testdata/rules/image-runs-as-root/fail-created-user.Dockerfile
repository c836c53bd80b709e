FROM debian:12-slim
RUN apt-get update && \
    # a user for the service
    useradd --system --uid 1001 --gid 0 cats && \
    rm -rf /var/lib/apt/lists/*
COPY --chown=1001 cats /opt/cats
CMD ["/opt/cats"]
