FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled-extra
WORKDIR /app
COPY out/ .
ENV ASPNETCORE_HTTP_PORTS=8080
EXPOSE 8080
USER $APP_UID
ENTRYPOINT ["dotnet", "Cats.dll"]
