FROM node:22-alpine
ENV PORT 80
EXPOSE 80
CMD ["node", "server.js"]
