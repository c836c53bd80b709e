FROM node:22
USER node
RUN npm ci
USER 1000
ARG UID=1001
USER ${UID}
CMD ["node", "server.js"]
