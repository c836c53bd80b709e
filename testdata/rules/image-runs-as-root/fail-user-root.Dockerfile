from node:22-slim
workdir /app
copy . .
user root
cmd ["node", "server.js"]
