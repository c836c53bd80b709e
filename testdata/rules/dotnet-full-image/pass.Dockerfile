FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN dotnet publish -o /out
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /out .
EXPOSE 8080
USER $APP_UID
ENTRYPOINT ["dotnet", "Cats.dll"]
