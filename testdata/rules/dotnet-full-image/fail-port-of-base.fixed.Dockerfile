FROM mcr.microsoft.com/dotnet/aspnet:6.0-jammy-chiseled-extra
COPY out/ /app/
WORKDIR /app
EXPOSE 8080
USER $APP_UID
ENTRYPOINT ["dotnet", "Cats.dll"]
