FROM mcr.microsoft.com/dotnet/aspnet:8.0
ENV ASPNETCORE_URLS="http://+:8080;http://+:9090" \
    # more is set by the chart
    CATS_COLOR=black
EXPOSE 8080/tcp 9090
ENTRYPOINT ["dotnet", "Cats.dll"]
