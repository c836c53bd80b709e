FROM node:22 AS Base
RUN npm ci
USER 1000:1000

FROM base AS tools
USER root

FROM BASE
COPY server.js .
ONBUILD USER root
CMD ["node", "server.js"]
