FROM mcr.microsoft.com/dotnet/sdk:8.0-jammy AS build
WORKDIR /src
RUN dotnet publish Cats.csproj -o /out

# --- run ---
FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled
WORKDIR /app
COPY --from=build /out ./

# plain HTTP inside the cluster
ENV ASPNETCORE_URLS=http://+:8080 \
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
EXPOSE 8080

USER $APP_UID
ENTRYPOINT ["dotnet", "Cats.dll"]
