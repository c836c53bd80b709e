FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
USER root
RUN dotnet publish -o /out

FROM mcr.microsoft.com/dotnet/aspnet:8.0
COPY --from=build /out /app
USER $APP_UID
ENTRYPOINT ["dotnet", "/app/Cats.dll"]
