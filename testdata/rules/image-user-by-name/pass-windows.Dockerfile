# escape=`
FROM registry.example.com/windows/base:ltsc2022
RUN powershell -Command `
    Write-Host made
USER ContainerUser
CMD ["cats.exe"]
