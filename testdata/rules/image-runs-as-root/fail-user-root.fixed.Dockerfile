from node:22-slim
workdir /app
copy . .
user 1000
cmd ["node", "server.js"]
