FROM nginx:1.29 AS files
FROM nginxinc/nginx-unprivileged:1.29
COPY --from=files /usr/share/nginx/html /usr/share/nginx/html
