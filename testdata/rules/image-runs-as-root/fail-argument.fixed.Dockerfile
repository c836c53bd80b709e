ARG VERSION=8.0
ARG BASE=mcr.microsoft.com/dotnet/aspnet:${VERSION}-noble
FROM --platform=$TARGETPLATFORM ${BASE} AS base
EXPOSE 8080
FROM base
COPY out/ /app/
USER $APP_UID
ENTRYPOINT ["dotnet", "/app/Cats.dll"]
