FROM node:22-slim
USER node
WORKDIR /app
USER 0:0
RUN <<EOF
apt-get update
apt-get install -y tini
EOF
COPY . .
EXPOSE 3000
