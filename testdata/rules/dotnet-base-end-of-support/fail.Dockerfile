ARG VERSION=6.0
FROM mcr.microsoft.com/dotnet/sdk:6.0 AS build
RUN dotnet publish -o /out
FROM mcr.microsoft.com/dotnet/aspnet:${VERSION}-jammy
COPY --from=build /out /app
ENTRYPOINT ["dotnet", "/app/Api.dll"]
