FROM node:22 AS build
RUN npm run build
FROM nginxinc/nginx-unprivileged:1.29-alpine
COPY --from=build /dist /usr/share/nginx/html
EXPOSE 8080
