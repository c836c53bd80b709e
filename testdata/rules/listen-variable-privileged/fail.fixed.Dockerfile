FROM node:22-alpine
ENV PORT 8080
EXPOSE 8080
CMD ["node", "server.js"]
